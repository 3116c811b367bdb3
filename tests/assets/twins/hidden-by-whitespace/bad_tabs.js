let a = 1;																																																																																																																																		run(); // FINDING
