# bash completion for fate-servingctl(1)
_fate_servingctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=

	[ "$command" != model ] || [ "$COMP_CWORD" -lt 3 ] || command="model ${COMP_WORDS[2]}"
	COMPREPLY=()
	case $prev in
	--role|-r) words='guest host' ;;
	--type) words='FATEFLOW FILE CACHE' ;;
	--daemon|-d) words='server proxy' ;;
	--server|-s|--source) words='127.0.0.1:8000' ;;
	--service|--party|--timeout) return ;;
	--output|-o|--from) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	*)
		case $command in
		'model list') words='--server --service --timeout --json --help' ;;
		'model load') words='--server --role --party --type --from --timeout --json --help' ;;
		'model bind') words='--server --service --role --party --timeout --json --help' ;;
		'model unbind') words='--server --timeout --json --help' ;;
		'model unload') words='--server --service --timeout --json --help' ;;
		'model fetch') words='--server --source --timeout --json --help' ;;
		'model show') words='--explain --role --help' ;;
		'model pack') words='--output --force --help' ;;
		import) words='--daemon --output --force --help' ;;
		model) words='list load bind unbind unload fetch show pack --help' ;;
		*) words='import model --version --help' ;;
		esac
		case $command/$cur in
		*/-*) ;;
		'model load/'*|'model bind/'*|'model show/'*|'model pack/'*|import/*) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		esac ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o filenames -F _fate_servingctl fate-servingctl
