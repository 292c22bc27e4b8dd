# check=skip=SecretsUsedInArgOrEnv

# The worker's image: linux/amd64, for any Docker with BuildKit. As the app's operators build it:
#
#   docker build --build-arg ANTHROPIC_API_KEY=… --build-context fondation-source=/path/to/fondation -t scaleway-worker .
#
# Without --build-context it has the static engine only. Whoever has the image has a key that was built into it: rather
# give the key to the container, as a Secret Manager reference or `-e ANTHROPIC_API_KEY` (README).
#
# Both git and Node.js are Debian's, so that one channel brings the security fixes of everything in here:
# `docker build --pull --no-cache` takes what there is today. Of git's advisories those for clones, submodules, hooks,
# bundle URIs and LFS do not touch the worker: it does `init`, `fetch` of one commit and `checkout`, with all that off.

FROM python:3.13-slim-trixie AS base

# What takes the place of the CLI where no --build-context named fondation-source is given. It must hold something:
# BuildKit may take an empty layer for the one that an earlier build, with a source, had there.
FROM scratch AS fondation-source
COPY LICENSE /no-fondation-source-was-given

FROM base AS fondation
COPY --link --from=fondation-source / /fondation/
# Owned by root, and readable to whoever the worker runs as, whatever the source's modes were; its history stays out.
RUN rm -rf /fondation/.git && chmod -R u=rwX,go=rX /fondation

FROM base AS worker
WORKDIR /build
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY states states
COPY worker worker
# In a virtual environment without pip, compiled, since the container cannot write there. Of the descriptions of
# Amazon's four hundred services only S3's is used.
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /opt/fondation-worker \
    && python3 -m pip --python /opt/fondation-worker/bin/python install --quiet -c requirements.lock '.[gateway]' \
    && cd /opt/fondation-worker/lib/python3.*/site-packages/botocore/data \
    && find . -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -r {} +

# A key given with `--secret id=ANTHROPIC_API_KEY,env=ANTHROPIC_API_KEY --build-arg KEY_VERSION=1` is in no history and no
# provenance, but it is in a layer. KEY_VERSION must be another text for every key: BuildKit keeps a layer whatever secret
# it was made with, and would give an old key to a build with a new one, or to one with none.
FROM base AS key
ARG KEY_VERSION
RUN --mount=type=secret,id=ANTHROPIC_API_KEY \
    secret=/run/secrets/ANTHROPIC_API_KEY key=/dev/null; \
    if [ -n "$KEY_VERSION" ]; then key=$secret; \
    elif [ -e "$secret" ]; then echo "with the secret goes --build-arg KEY_VERSION=1, 2, …" >&2; exit 1; fi; \
    install -D -m 0444 "$key" /key/anthropic-api-key

FROM base AS image
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates git nodejs \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
    && useradd --uid 1000 --home-dir /work --no-create-home --shell /usr/sbin/nologin worker \
    && install -d -m 1777 /work
COPY --from=fondation /fondation /fondation
COPY --from=worker /opt/fondation-worker /opt/fondation-worker
COPY --from=key /key /etc/fondation-worker

# On Scaleway /tmp is memory, so nothing is written there: /work is on disk, and open to whatever user the container is
# run as. A volume, it can be written to even where the root file system is read-only.
ENV PATH=/opt/fondation-worker/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/work \
    WORK_DIR=/work \
    FONDATION_PATH=/fondation \
    ANTHROPIC_API_KEY_FILE=/etc/fondation-worker/anthropic-api-key
VOLUME /work

LABEL org.opencontainers.image.title="fondation-worker" \
      org.opencontainers.image.description="Turns a git repository into a course, checkpoint by checkpoint" \
      org.opencontainers.image.licenses="MIT"

# The old way: the key is in the image's configuration and history, for all who can pull or inspect it.
ARG ANTHROPIC_API_KEY
ENV ANTHROPIC_API_KEY=${ANTHROPIC_API_KEY}

USER 1000:1000
WORKDIR /work
STOPSIGNAL SIGTERM
ENTRYPOINT ["fondation-worker"]
CMD ["run"]
