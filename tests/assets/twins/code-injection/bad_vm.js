const vm = require('vm');

exports.run = async (ctx) => {
  const { code } = ctx.request.body;
  ctx.body = vm.runInNewContext(code, {}); // FINDING
};
