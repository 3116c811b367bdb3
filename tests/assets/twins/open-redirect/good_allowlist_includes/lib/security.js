const ALLOWED = new Set(['https://shop.example/sticker', 'https://blog.example']);
exports.isRedirectAllowed = (url) => ALLOWED.has(url);
