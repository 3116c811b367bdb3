const NAME = /^(\w+\s?)+$/; // FINDING

exports.isName = (text) => NAME.test(text);
