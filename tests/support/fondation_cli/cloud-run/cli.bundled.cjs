// A stand-in for the Fondation CLI, which misbehaves as its settings say, without a model or a network.
//
// behaviour.json in its working directory, which must be its own folder, sets its behaviour:
//   generation  "new" (default), or "old": does not know --steps, and does all steps in one process
//   memory      an old one that continues with what it has in memory, not with the output folder
//   random      no two runs write the same, as with a model
//   names       the names of the abstractions
//   blocks      steps whose YAML has names as block scalars, each with a line break at its end
//   delay       about how many milliseconds an item takes
//   write       how an item is written: "once", "pieces" (one opening, pauses), "appended" (many), "renamed"
//   keyless     whether it needs no login
//   quotes      each abstraction names its own source files, and its pages quote them; else all name the first file
//   litter      writes into the repository, and other files into the output folder
//   faults      {step or item: {kind, times?, …}}: see `failProcess` and `spoil`; `times` counts across processes
// If it can write to its folder, it leaves calls.log there (a line for each item requested from its model) and seen.jsonl
// (how it was run).
"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const STEPS = ["extract", "analyze", "order", "generate-chapters", "review-chapters", "generate-tutorials"];
const TEXTS = ["Extracting", "Analyzing", "Ordering", "Generating chapters", "Reviewing", "Creating tutorials"];
const behaviour = JSON.parse(fs.readFileSync("behaviour.json", "utf8"));
const variant = behaviour.random ? () => Math.random().toString(36).slice(2) : () => "fixed";
const memory = {};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (level, msg, more = {}) => console.log(JSON.stringify({ level, time: Date.now(), msg, ...more }));
const note = (file, line) => {
  try {
    fs.appendFileSync(file, `${line}\n`);
  } catch (error) {
    if (!["EACCES", "EROFS"].includes(error.code)) throw error; // in an image
  }
};
const forever = () => new Promise(() => setInterval(() => {}, 1 << 30));

function parse(argv) {
  const options = { repository: null, output: process.env.CLAUDE_OUTPUT_DIR || ".claude-tutorial-output", steps: STEPS };
  const rest = [...argv];
  while (rest.length) {
    const word = rest.shift();
    if (word === "--output-dir") options.output = rest.shift();
    else if (word === "--steps" && behaviour.generation !== "old") options.steps = rest.shift().split(",");
    else if (word === "--help") options.help = true;
    else if (word.startsWith("-")) fail(`error: unknown option '${word}'`);
    else options.repository = path.resolve(word);
  }
  return options;
}

function fail(message, code = 1) {
  fs.writeSync(2, `${message}\n`);
  process.exit(code);
}

function help() {
  console.log("Usage: fondation analyze [options] <repository>\n");
  console.log("  -p, --parallel <n>   (default: 5)\n  --output-dir <dir>\n  --skip-existing\n  --overwrite");
  if (behaviour.generation !== "old") console.log("  --steps <steps>      steps to run, separated by commas");
}

/** Return the fault that is due at a step or an item, or undefined. */
function due(where) {
  const fault = (behaviour.faults || {})[where];
  if (!fault) return undefined;
  const log = path.join("faults", where.replaceAll("/", "+"));
  const times = fs.existsSync(log) ? fs.readFileSync(log, "utf8").length : 0;
  if (times >= (fault.times ?? Infinity)) return undefined;
  fs.mkdirSync("faults", { recursive: true });
  fs.appendFileSync(log, "x");
  return fault;
}

/** Return the paths of all files below a folder. */
function list(folder) {
  const files = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map((one) => path.relative(folder, path.join(one.parentPath ?? one.path, one.name))).sort();
}

/** Carry out faults that affect the process as a whole. */
async function failProcess(fault) {
  switch (fault?.kind) {
    case "fails":
      if (fault.says) console.log(fault.says);
      return fail(fault.complains ?? "Error: it did not work", fault.code ?? 1);
    case "throws":
      throw Object.assign(new Error(fault.complains), { status: 400 });
    case "killed":
      return process.kill(process.pid, "SIGKILL") && forever();
    case "hangs":
      if (fault.children) {
        spawn("sleep", ["1000"], { stdio: "ignore" });
        spawn("sleep", ["1000"], { stdio: "inherit", detached: true });
      }
      return forever();
    case "talks": // and does nothing else
      for (;;) await sleep(fault.every).then(() => say(30, "still thinking"));
    case "floods":
      return flood(fault.megabytes);
  }
}

async function flood(megabytes) {
  const long = JSON.stringify({ level: 30, msg: "x".repeat(1 << 20) });
  const short = Array.from({ length: 1 << 14 }, (_, i) => JSON.stringify({ level: 30, msg: `thought ${i}` })).join("\n");
  const endless = "no line ends here ".repeat(1 << 16);
  for (let said = 0; said < megabytes; said++) {
    for (const [stream, text] of [[process.stdout, said % 2 ? long : short], [process.stderr, endless]])
      await new Promise((resolve) => stream.write(stream === process.stderr ? text : text + "\n", resolve));
  }
}

/** Write something other than the text to an item's file, if the fault says so; return whether that was done. */
async function spoil(fault, file, text) {
  switch (fault?.kind) {
    case "empty": // as after an unsuccessful answer from Claude
      say(50, "Claude ended with error_max_turns");
      return fs.promises.writeFile(file, "").then(() => true);
    case "instead":
      return fs.promises.writeFile(file, fault.text).then(() => true);
    case "fenced":
      return fs.promises.writeFile(file, `\`\`\`yaml\n${text}\`\`\`\n`).then(() => true);
    case "bytes":
      return fs.promises.writeFile(file, Buffer.from([0xff, 0xfe, 0x41])).then(() => true);
    case "link":
      return fs.promises.symlink(fault.to, file).then(() => true);
    case "huge": {
      const handle = await fs.promises.open(file, "w");
      await handle.write(text);
      await handle.truncate(64 << 20);
      return handle.close().then(() => true);
    }
    case "pipe":
      await new Promise((resolve) => spawn("mkfifo", [file]).on("close", resolve));
      return true;
    case "folder":
      return fs.promises.mkdir(file).then(() => true);
    case "twice":
      await fs.promises.writeFile(file, "# A first thought\n");
      await sleep(fault.after);
      return false;
  }
  return false;
}

async function write(file, text) {
  const middle = text.length >> 1;
  switch (behaviour.write ?? "once") {
    case "once":
      return fs.promises.writeFile(file, text);
    case "pieces": {
      const handle = await fs.promises.open(file, "w");
      for (const piece of [text.slice(0, middle), text.slice(middle)]) {
        await sleep(behaviour.delay);
        await handle.write(piece);
      }
      await sleep(behaviour.delay);
      return handle.close();
    }
    case "appended":
      await fs.promises.appendFile(file, text.slice(0, middle));
      await sleep(behaviour.delay);
      return fs.promises.appendFile(file, text.slice(middle));
    case "renamed":
      await fs.promises.writeFile(`${file}.draft`, text);
      await sleep(behaviour.delay);
      return fs.promises.rename(`${file}.draft`, file);
  }
}

/** Ask the model for an item, and write it. */
async function make(output, item, text) {
  const file = path.join(output, item);
  note("calls.log", item);
  if (behaviour.delay) await sleep(behaviour.delay * (0.5 + Math.random()));
  const fault = due(item);
  await failProcess(fault);
  if (!(await spoil(fault, file, text))) await write(file, text);
}

const scalar = (step, name) => ((behaviour.blocks || []).includes(step) ? `|\n      ${name}` : JSON.stringify(name));

/** Read as much YAML as this program and PyYAML write: the fields of a list's entries, a line each. */
function entries(text) {
  const found = [];
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    const [, dash, field, value] = line.match(/^\s*(- )?(\w+):\s*(.*)$/) || [];
    const [, item] = line.match(/^\s*- ([^:]+)$/) || [];
    if (dash) found.push({ paths: [] });
    if (item && found.length) found.at(-1).paths.push(plain(item));
    if (field === "file_paths" && value.startsWith("[")) found.at(-1).paths = value === "[]" ? [] : JSON.parse(value);
    if (field && found.length) found.at(-1)[field] = value === "|" ? `${lines[i + 1].trim()}\n` : plain(value);
  });
  return found;
}

const plain = (value) => (value.startsWith('"') ? JSON.parse(value) : value.replace(/^'(.*)'$/, "$1"));

const slug = (name) =>
  name.trim().toLowerCase().replace(/\s+/g, "_").replace(/[^a-z0-9_-]/g, "_").replace(/_+/g, "_");

/** Return the chapters to be written: an entry without an abstraction of that name is silently left out. */
function chapters(output) {
  const known = entries(recall(output, "step1_abstractions.yaml"));
  return entries(recall(output, "step3_order.yaml")).flatMap((entry) => {
    const abstraction = known.find(({ name }) => name.trim() === entry.name);
    const { description: about, paths } = abstraction ?? {};
    return abstraction ? [{ ...entry, about, paths, file: `${entry.index}_${slug(entry.name)}.md` }] : [];
  });
}

const recall = (output, file) => (behaviour.memory && memory[file]) || fs.readFileSync(path.join(output, file), "utf8");

async function writeYaml(output, file, text) {
  memory[file] = text;
  await make(output, file, text);
}

/** Make items, five at a time; those that exist are skipped, empty ones too. */
async function makeAll(output, items) {
  const left = items.filter(([item]) => !fs.existsSync(path.join(output, item)));
  left.sort(() => Math.random() - 0.5);
  const hands = Array.from({ length: 5 }, async () => {
    for (let next = left.shift(); next; next = left.shift()) await make(output, next[0], next[1]());
  });
  await Promise.all(hands);
}

const CODE = /\.(py|js|ts|go|rs|java|c|rb)$/;
const ASIDE = /(^|\/)(tests?|docs|examples)\//;
const DEFINITION = /^(async def|def|class|function|func|fn) /;

/** Return the files of each abstraction. */
function shares(files) {
  if (!behaviour.quotes) return behaviour.names.map(() => files.slice(0, 1));
  const sources = files.filter((file) => CODE.test(file) && !ASIDE.test(file));
  const share = Math.ceil(sources.length / behaviour.names.length);
  return behaviour.names.map((_, i) => sources.slice(i * share, (i + 1) * share));
}

/** Return some definitions in a file, each with the place and the text of its first lines. */
function excerpts(repository, file, most) {
  const lines = fs.readFileSync(path.join(repository, file), "utf8").split("\n");
  const starts = [...lines.keys()].filter((i) => DEFINITION.test(lines[i])).slice(0, most);
  return starts.map((start) => {
    let end = start + 1;
    while (end < start + 8 && /\S/.test(lines[end] ?? "")) end++;
    const place = end === start + 1 ? end : `${start + 1}-${end}`;
    return `\`${file}:${place}\`\n\n\`\`\`${file.split(".").at(-1)}\n${lines.slice(start, end).join("\n")}\n\`\`\`\n`;
  });
}

/** Return what a chapter quotes of its own files, and of the next chapter's first one. */
function quotes(repository, own, next) {
  if (!behaviour.quotes) return "";
  const found = own.flatMap((file) => excerpts(repository, file, 3));
  const used = next.slice(0, 1).flatMap((file) => excerpts(repository, file, 1));
  return `\n${[...found, "It is used with:\n", ...used].join("\n")}`;
}

const work = {
  extract(output, repository) {
    const sources = list(repository);
    const about = JSON.stringify(`${sources.length} files, ${variant()}`);
    const paths = shares(sources).map((share) => JSON.stringify(share));
    const found = behaviour.names.map(
      (name, i) => `  - name: ${scalar("extract", name)}\n    description: ${about}\n    file_paths: ${paths[i]}\n`,
    );
    return writeYaml(output, "step1_abstractions.yaml", found.join(""));
  },
  analyze(output) {
    const count = entries(recall(output, "step1_abstractions.yaml")).length;
    const link = `  - from_abstraction: 0\n    to_abstraction: ${count - 1}\n    label: uses\n    evidence: ""\n`;
    return writeYaml(output, "step2_relationships.yaml", `summary: "${count} parts, ${variant()}"\nrelationships:\n${link}`);
  },
  order(output) {
    recall(output, "step2_relationships.yaml");
    const names = entries(recall(output, "step1_abstractions.yaml")).map(({ name }) => name.trim());
    const found = names.map((name, i) => `  - index: ${i + 1}\n    name: ${scalar("order", name)}\n    reasoning: "${variant()}"\n`);
    return writeYaml(output, "step3_order.yaml", `order:\n${found.join("")}`);
  },
  "generate-chapters": (output, repository) =>
    makeAll(output, chapters(output).map(({ file, name, about, paths }, i, all) =>
      [`chapters/chapter_${file}`, () => `# ${name}\n\nFrom ${about}, variant ${variant()}.\n${"Text. ".repeat(behaviour.words ?? 20)}\n` +
        quotes(repository, paths, all[(i + 1) % all.length].paths)])),
  "review-chapters": (output) =>
    makeAll(output, chapters(output).map(({ file }) =>
      [`reviewed-chapters/chapter_${file}`, () => `${read(output, `chapters/chapter_${file}`)}\nReviewed.\n`])),
  "generate-tutorials": (output) =>
    makeAll(output, chapters(output).map(({ file }) =>
      [`tutorials/tutorial_${file}`, () => `${read(output, `reviewed-chapters/chapter_${file}`)}\nNow you.\n`])),
};

const read = (output, item) => fs.readFileSync(path.join(output, item), "utf8");

function litter(output, repository) {
  fs.writeFileSync(path.join(output, "notes.txt"), "what I thought\n");
  if (fs.existsSync(path.join(output, "step2_relationships.yaml"))) fs.writeFileSync(path.join(output, "step1_abstractions.yaml"), "garbage\n");
  fs.writeFileSync(path.join(output, "chapters", "README.md"), "# Not a chapter\n");
  fs.writeFileSync(path.join(output, "chapters", "chapter_99_nobody_asked.md"), "# Too much\n");
  fs.mkdirSync(path.join(output, "chapters", "drafts"), { recursive: true });
  fs.rmSync(path.join(output, "elsewhere"), { force: true });
  fs.symlinkSync("/etc", path.join(output, "elsewhere"));
  for (const name of fs.readdirSync(repository)) fs.rmSync(path.join(repository, name), { recursive: true });
  fs.writeFileSync(path.join(repository, "mine.txt"), "all mine\n");
}

function checkLogin() {
  const login = path.join(process.env.HOME ?? "/nowhere", ".claude", ".credentials.json");
  if (behaviour.keyless || process.env.ANTHROPIC_API_KEY || process.env.CLAUDE_CODE_OAUTH_TOKEN || fs.existsSync(login)) return;
  fail("Error: ANTHROPIC_API_KEY environment variable is required");
}

async function main() {
  const options = parse(process.argv[2] === "analyze" ? process.argv.slice(3) : process.argv.slice(2));
  if (options.help) return help();
  if (!fs.existsSync("prompts/chapter.md")) fail("Error: ENOENT: no such file or directory, open 'prompts/chapter.md'");
  const seen = { argv: process.argv.slice(2), env: process.env, cwd: process.cwd(), repository: list(options.repository) };
  note("seen.jsonl", JSON.stringify(seen));
  checkLogin();
  const output = path.resolve(options.repository, options.output);
  for (const folder of ["chapters", "reviewed-chapters", "tutorials"]) fs.mkdirSync(path.join(output, folder), { recursive: true });
  for (const [i, step] of options.steps.entries()) {
    console.log(`[FONDATION_STEP_${i + 1}/${options.steps.length}] ${TEXTS[STEPS.indexOf(step)]}`);
    say(30, `step ${step} begins`);
    await failProcess(due(step));
    await work[step](output, options.repository);
    if (behaviour.litter) litter(output, options.repository);
  }
}

main();
