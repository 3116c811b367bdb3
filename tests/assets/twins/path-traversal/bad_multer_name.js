const multer = require('multer');
const path = require('path');
const storage = multer.diskStorage({
  destination: 'uploads/',
  filename: (req, file, cb) => cb(null, req.body.folder + '/' + file.originalname), // FINDING
});
module.exports = multer({ storage, limits: { fileSize: 1e6 } });
