// Runs a program of Python in a release of Pyodide: pyodide.mjs RELEASE SOURCES PROGRAM
import { readFileSync } from "node:fs";

const [release, sources, program] = process.argv.slice(2);
const { loadPyodide } = await import(`${release}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${release}/` });
python.FS.mkdir("/src");
python.FS.mount(python.FS.filesystems.NODEFS, { root: sources }, "/src");
python.runPython("import sys; sys.path.insert(0, '/src')");
python.runPython(readFileSync(program, "utf8"));
