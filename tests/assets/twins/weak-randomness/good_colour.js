function colour() {
  return ['red', 'green'][Math.floor(Math.random() * 2)];
}

module.exports = { colour };
