const { Eta } = require('eta');
const eta = new Eta({ views: 'views', autoEscape: false }); // FINDING
module.exports = eta;
