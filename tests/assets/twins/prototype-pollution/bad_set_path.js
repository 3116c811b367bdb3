function setPath(target, path, value) {
  const keys = path.split('.');
  let at = target;
  for (let i = 0; i < keys.length - 1; i++) {
    at = at[keys[i]] = at[keys[i]] || {};
  }
  at[keys[keys.length - 1]] = value; // FINDING
}
const app = require('express')();
const config = {};
app.put('/config', (req, res) => {
  setPath(config, req.body.path, req.body.value);
  res.json(config);
});
