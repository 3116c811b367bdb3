const yaml = require('js-yaml');

exports.read = (text) => yaml.load(text);
