// The command mlnet-vit: train, evaluate, predict, explain and export without code.
return 0;
