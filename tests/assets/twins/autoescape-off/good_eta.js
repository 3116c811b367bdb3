const { Eta } = require('eta');
const eta = new Eta({ views: 'views', autoEscape: true });
module.exports = eta;
