export const page = (name) => `<h1>served by ${name}</h1>`;
