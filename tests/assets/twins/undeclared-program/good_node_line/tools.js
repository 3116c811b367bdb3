import cp from "child_process";

const first = /git log (\w+)/;
// cp.execSync("git log")
export const log = (ref) => [cp, first.exec("git log main"), ref];
