const label = "ＡＢＣ株式会社";
