select id⁠ from t; -- FINDING
