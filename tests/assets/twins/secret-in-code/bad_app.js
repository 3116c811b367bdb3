const secret = process.env.JWT_SECRET || "j7Kq2Lm9Zx4Vt8Rw1Yc6"; // FINDING
