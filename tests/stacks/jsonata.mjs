// Evaluate JSONata by its reference implementation. Each line is an expression and its variables, as JSON; the answer to
// each is a line with its "value", with nothing when it has none, or with its "error".
import readline from "node:readline";
import jsonata from "jsonata";

const compiled = new Map();

const compile = (expression) => {
    if (!compiled.has(expression)) compiled.set(expression, jsonata(expression));
    return compiled.get(expression);
};

const answer = async (line) => {
    const [expression, variables] = JSON.parse(line);
    try {
        return { value: await compile(expression).evaluate(null, variables) };
    } catch (error) {
        return { error: `${error.code}: ${error.message}` };
    }
};

for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(line)));
}
