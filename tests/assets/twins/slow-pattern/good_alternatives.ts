export const valid = (text: string) => /^(?<part>a|b)*c$/.test(text);
