const a = 1;
const b = "\u2028";
