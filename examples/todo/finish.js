// {"text":"buy milk"}
const item = $state.items.find((one) => one.text === $args.text);
if (!item) throw new Error(`there is nothing to do called "${$args.text}"`);
item.done = true;
return $state.items.filter((one) => !one.done).length;
