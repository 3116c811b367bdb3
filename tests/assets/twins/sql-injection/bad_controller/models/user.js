const db = require('../config/db');
class User {
  static byName(name) {
    return new Promise((resolve, reject) => {
      db.query("SELECT * FROM users WHERE name = '" + name + "'", (err, rows) => (err ? reject(err) : resolve(rows))); // FINDING
    });
  }
}
module.exports = User;
