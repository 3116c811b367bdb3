const yaml = require('js-yaml');

exports.read = (text) => yaml.load(text, { schema: yaml.DEFAULT_FULL_SCHEMA }); // FINDING
