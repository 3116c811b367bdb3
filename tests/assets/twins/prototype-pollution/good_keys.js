const SECTIONS = ['colours', 'sounds'];
const settings = { colours: {}, sounds: {} };

exports.set = (req, res) => {
  const { section, key, value } = req.body;
  if (!SECTIONS.includes(section)) return res.sendStatus(400);
  settings[section][key] = value;
  res.sendStatus(204);
};
