const NAME = /^\w+(?:\s\w+)*$/;

exports.isName = (text) => NAME.test(text);
