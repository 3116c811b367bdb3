const multer = require('multer');
const path = require('path');
const crypto = require('crypto');
const storage = multer.diskStorage({
  destination: 'uploads/',
  filename: (req, file, cb) => cb(null, crypto.randomUUID() + path.extname(path.basename(file.originalname))),
});
module.exports = multer({ storage, limits: { fileSize: 1e6 } });
