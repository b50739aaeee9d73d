// nexus run examples/greet.js --args '{"name":"Ada"}'
const greeting = `Hello, ${$args.name ?? 'world'}!`;
$log(greeting);
return { greeting };
