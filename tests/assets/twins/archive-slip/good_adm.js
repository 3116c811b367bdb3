const fs = require('fs');
const path = require('path');
const AdmZip = require('adm-zip');

exports.unpack = (file) => {
  for (const entry of new AdmZip(file).getEntries()) {
    fs.writeFileSync('out/' + path.basename(entry.entryName), entry.getData());
  }
};
