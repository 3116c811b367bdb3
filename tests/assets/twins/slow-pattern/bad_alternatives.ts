export const valid = (text: string) => /^(?<part>a|aa|b)*c$/.test(text); // FINDING
