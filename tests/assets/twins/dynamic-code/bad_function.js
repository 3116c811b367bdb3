exports.compile = (body) => new Function('x', body); // FINDING
