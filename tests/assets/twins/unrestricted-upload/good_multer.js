const multer = require('multer');

module.exports = multer({
  dest: 'uploads/',
  limits: { fileSize: 2 * 1024 * 1024 },
  fileFilter: (req, file, done) => done(null, file.mimetype === 'image/png'),
});
