const multer = require('multer');

module.exports = multer({ dest: 'uploads/' }); // FINDING
