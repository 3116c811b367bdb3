const ALLOWED = new Set(['https://shop.example/sticker', 'https://blog.example']);
exports.isRedirectAllowed = (url) => {
  let allowed = false;
  for (const one of ALLOWED) allowed = allowed || url.includes(one);
  return allowed;
};
