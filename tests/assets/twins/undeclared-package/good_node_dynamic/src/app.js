const x = await import("./lodash");
const y = await import("node:fs");
