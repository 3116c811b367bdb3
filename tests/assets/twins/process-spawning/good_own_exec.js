const pattern = /version (\d+)/;

exports.version = (text) => pattern.exec(text);
