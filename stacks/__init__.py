"""The AWS resources, as three stacks that are split by what happens to them: kept, replaced, watched."""
