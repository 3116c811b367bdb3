function Users(connection) {
  this.connection = connection;
}

Users.prototype.byName = function (name, done) {
  this.connection.query('SELECT id FROM users WHERE name = ?', [name], done);
};

module.exports = Users;
