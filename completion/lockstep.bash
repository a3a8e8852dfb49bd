# SPDX-License-Identifier: MIT
#
# Completion of the command lockstep for bash: subcommands, options, the words
# of enumerations, and files. tests/cli/options.sh compares the options with
# those of --help.

_lockstep_options()
{
	local data='--data --test --label --labels --test-labels'
	local network='--scale --layers --hidden --leaky-slope --loss --init'
	local training='--seed --epochs --batch --slices --lr --momentum --nesterov --l2 --dropout
		--schedule --schedule-gamma --schedule-period --warmup --validation --patience --monitor
		--keep-last --drop-last'
	local run='--workers --split --engine --isa --bind --smt'

	case $1 in
	train) echo "$data $network $training $run" --save --checkpoint --checkpoint-every --resume --log \
		--report-bindings --quiet --help ;;
	eval) echo "$data" --part --isa --format --help ;;
	verify) echo "$data" --from --until --quiet "$run" --help ;;
	sweep) echo "$data $network $training" --set --check --json --db --name --cores --engine --isa --bind --smt --quiet \
		--help ;;
	runs) echo --db --format --trials --epochs --no-times --output --save --seed --quiet "$data $run" --help ;;
	report) echo --study --output --d3 --help ;;
	predict) echo --labelled --label --format --output --isa --help ;;
	gradcheck) echo "$data $network $training $run" --difference-bound --samples --help ;;
	bench) echo --machine --kernels --barrier --steps --epochs --exactness --network --workers --seconds --scale --data \
		--engine --isa --bind --json --quiet --help ;;
	scale) echo "$data $network $training" --workers --weak --bind --engine --split --isa --smt --steps --warmup-steps \
		--run-seconds --blocks --precision --time-limit --order-seed --skip-phases --skip-limits --predict --target-loss \
		--target-part --rates --max-epochs --json --csv --extrap --db --name --quiet --help ;;
	topology) echo --synthetic --xml --workers --bind --smt --format --help ;;
	esac
}

# Words that may follow an option; nothing where any text may.
_lockstep_words()
{
	case $2 in
	--data) echo mnist ;;
	--scale) [[ $1 == bench ]] && echo unit standardise || echo none unit standardise ;;
	--hidden) echo sigmoid tanh relu leaky-relu ;;
	--loss) echo softmax multilabel quadratic ;;
	--init) echo normal glorot he ;;
	--schedule) echo constant step exponential cosine ;;
	--monitor) echo loss accuracy ;;
	--workers) case $1 in bench) ;; scale) echo all ;; *) echo auto ;; esac ;;
	--network) echo 784-30-10 784-128-10 784-512-512-10 784-2048-2048-10 ;;
	--split) [[ $1 == scale ]] && echo rows owners units || echo auto rows owners units ;;
	--engine) echo pthreads openmp serial ;;
	--isa) echo auto portable avx2 avx512 neon ;;
	--bind) echo close spread none list: ;;
	--part) echo train test ;;
	--target-part) echo train test validation ;;
	--predict) echo this ;;
	--format)
		case $1 in
		predict) echo csv json ;;
		runs) echo table csv json optuna-journal tensorboard ;;
		*) echo text json ;;
		esac
		;;
	esac
}

_lockstep()
{
	local subcommands='train eval predict verify sweep runs report gradcheck bench scale topology' words
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local subcommand=${COMP_WORDS[1]}
	COMPREPLY=()

	# "--loss=soft" is cut at "=" into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $previous == '=' && $COMP_CWORD -ge 3 ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	if [[ $COMP_CWORD -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$subcommands help --help --version" -- "$current")
		return
	elif [[ $subcommand == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$subcommands" -- "$current")
		return
	fi

	# Flags elsewhere.
	[[ $subcommand == runs && $previous == --epochs ]] && previous=
	[[ $subcommand != scale && $previous == --json ]] && previous=
	[[ $subcommand == bench && $previous == --steps ]] && previous=
	words=$(_lockstep_words "$subcommand" "$previous")
	case $previous in
	--data)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -- "$current")
		;;
	--test | --labels | --test-labels | --save | --checkpoint | --resume | --from | --log | --output | -o | --xml | \
		--db | --d3 | --json | --csv | --extrap)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		;;
	--label | --layers | --leaky-slope | --seed | --epochs | --batch | --slices | --lr | --momentum | --l2 | \
		--dropout | --schedule-gamma | --schedule-period | --warmup | --validation | --patience | \
		--checkpoint-every | --until | --set | --study | --trials | -n | \
		--difference-bound | --samples | --seconds | --synthetic | --steps | \
		--warmup-steps | --run-seconds | --blocks | --precision | --time-limit | --order-seed | --target-loss | \
		--rates | --max-epochs | --name) ;;
	*)
		if [[ -n $words ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		elif [[ $current == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_lockstep_options "$subcommand")" -- "$current")
		elif [[ $subcommand == runs ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'list show best compare export' -- "$current")
		elif [[ $subcommand == eval || $subcommand == predict || $subcommand == verify ||
			$subcommand == sweep || $subcommand == scale || $subcommand == report ]]; then
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
		fi
		;;
	esac
}

complete -F _lockstep lockstep
