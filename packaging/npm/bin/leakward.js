#!/usr/bin/env node
// Runs the program of this platform's package and ends as it ends. Installs and downloads nothing.
"use strict";
const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");

const name = `@leakward/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "leakward.exe" : "leakward";
let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  console.error(`error: the package ${name} is not installed`);
  console.error("help: install without --omit=optional; where the platform has no package, build with cargo");
  process.exit(2);
}
const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`error: ${program}: ${ended.error.message}`);
  process.exit(2);
}
// As a shell tells of a signal: a scan that was killed has not passed.
process.exit(ended.status ?? 128 + (constants.signals[ended.signal] ?? 0));
