const fs = require('fs');
const AdmZip = require('adm-zip');

exports.unpack = (file) => {
  for (const entry of new AdmZip(file).getEntries()) {
    fs.writeFileSync('out/' + entry.entryName, entry.getData()); // FINDING
  }
};
