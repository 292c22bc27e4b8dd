# check=skip=SecretsUsedInArgOrEnv

# The worker's image: linux/amd64, for any Docker with BuildKit. The app's operators build it like this:
#
#   docker build --build-arg ANTHROPIC_API_KEY=… --build-context fondation-source=/path/to/fondation -t scaleway-worker .
#
# Without --build-context it has the static engine only. Everyone who can pull the image can read a key that was built into
# it: give the key to the container instead, as a Secret Manager reference or `-e ANTHROPIC_API_KEY` (docs/deploy.md, step 4).
#
# git and Node.js come from Debian, so all security fixes come through one channel; `docker build --pull --no-cache` installs
# the current ones. git's advisories for clones, submodules, hooks, bundle URIs and LFS do not affect the worker: it only
# runs `init`, `fetch` of one commit and `checkout`, with all of those disabled.

FROM python:3.13-slim-trixie AS base

# Replaces the CLI if no --build-context named fondation-source is given. It must contain a file: BuildKit may confuse an
# empty layer with the layer of an earlier build that had a source.
FROM scratch AS fondation-source
COPY LICENSE /no-fondation-source-was-given

FROM base AS fondation
COPY --link --from=fondation-source / /fondation/
# Owned by root and readable for every user, whatever modes the source had; without its history.
RUN rm -rf /fondation/.git && chmod -R u=rwX,go=rX /fondation

FROM base AS worker
WORKDIR /build
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY states states
COPY worker worker
# A virtual environment without pip, compiled now because the container cannot write there. Of botocore's descriptions of
# four hundred AWS services, only S3's is kept.
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv --without-pip /opt/fondation-worker \
    && python3 -m pip --python /opt/fondation-worker/bin/python install --quiet -c requirements.lock '.[gateway]' \
    && cd /opt/fondation-worker/lib/python3.*/site-packages/botocore/data \
    && find . -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -r {} +

# A key given with `--secret id=ANTHROPIC_API_KEY,env=ANTHROPIC_API_KEY --build-arg KEY_VERSION=1` is not in the history or
# the provenance, but it is in a layer. KEY_VERSION must differ for every key: BuildKit caches a layer regardless of its
# secret, and would reuse an old key in a build with a new key, or with none.
FROM base AS key
ARG KEY_VERSION
RUN --mount=type=secret,id=ANTHROPIC_API_KEY \
    secret=/run/secrets/ANTHROPIC_API_KEY key=/dev/null; \
    if [ -n "$KEY_VERSION" ]; then key=$secret; \
    elif [ -e "$secret" ]; then echo "the secret needs --build-arg KEY_VERSION=1, 2, …" >&2; exit 1; fi; \
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

# On Scaleway /tmp is memory, so nothing is written there. /work is on disk, and every user can write to it. As a volume it
# is writable even if the root file system is read-only.
ENV PATH=/opt/fondation-worker/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/work \
    WORK_DIR=/work \
    FONDATION_PATH=/fondation \
    ANTHROPIC_API_KEY_FILE=/etc/fondation-worker/anthropic-api-key
VOLUME /work

LABEL org.opencontainers.image.title="fondation-worker" \
      org.opencontainers.image.description="Turns a git repository into a course, checkpoint by checkpoint" \
      org.opencontainers.image.licenses="MIT"

# Kept for the old worker's build command. Everyone who can pull the image finds the key in its configuration and history.
ARG ANTHROPIC_API_KEY
ENV ANTHROPIC_API_KEY=${ANTHROPIC_API_KEY}

USER 1000:1000
WORKDIR /work
STOPSIGNAL SIGTERM
ENTRYPOINT ["fondation-worker"]
CMD ["run"]
