/* eslint-disable max-len */
export const shown = (words) => words.trim();
