// {"text":"buy milk"}
if (typeof $args.text !== 'string' || $args.text === '') throw new TypeError('text must say what to do');
$state.items.push({ text: $args.text, done: false });
return $state.items.length;
