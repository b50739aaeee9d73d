// The small handler of the benchmark, in a module that also loads all of lodash.
import _ from 'lodash';

export default ({ $state, $args }) => {
  $state.count = $state.count + $args.by;
  return { n: $state.count, who: $args.who, library: _.VERSION };
};
