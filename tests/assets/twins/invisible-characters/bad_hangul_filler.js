const {ㅤ} = req.query; // FINDING
