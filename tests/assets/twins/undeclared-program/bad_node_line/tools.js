import cp from "child_process";

export const log = (ref) => cp.execSync(`git log ${ref}`); // FINDING
