function resetToken() {
  return Math.random().toString(36).slice(2); // FINDING
}

module.exports = { resetToken };
