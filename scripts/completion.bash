# bash completion for fate-servingctl(1)
_fate_servingctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=

	case $command in
	model|tls|registry|admin) [ "$COMP_CWORD" -lt 3 ] || command="$command ${COMP_WORDS[2]}" ;;
	esac
	COMPREPLY=()
	case $prev in
	--role|-r) case $command in admin*) words='viewer operator' ;; *) words='guest host' ;; esac ;;
	--type) words='FATEFLOW FILE CACHE' ;;
	--daemon|-d) words='server proxy admin' ;;
	--server|-s|--source)
		case $command in
		model*) words='127.0.0.1:8000' ;;
		*) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		esac ;;
	--service|--party|--cost|--timeout|--days|--name|--warn|--interval|--since|--id|--user|--zk|--project) return ;;
	--output|-o|--from|--proxy|--admin|--file|--ca|--config|--log|--directory|--features|--password-file)
		COMPREPLY=($(compgen -f -- "$cur")); return ;;
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
		'model score') words='--features --id --role --help' ;;
		status) words='--json --server --proxy --admin --help' ;;
		top) words='--once --interval --server --proxy --admin --help' ;;
		trace) words='--since --directory --log --help' ;;
		'tls ca') words='--name --days --force --output --help' ;;
		'tls cert') words='--days --force --ca --output --help' ;;
		'tls show') words='--config --warn --help' ;;
		'registry tree'|'registry services') words='--zk --config --user --password-file --project --json --help' ;;
		'admin passwd') words='--role --file --cost --help' ;;
		admin) words='passwd --help' ;;
		tls) words='ca cert show --help' ;;
		registry) words='tree services --help' ;;
		import) words='--daemon --output --force --help' ;;
		model) words='list load bind unbind unload fetch show score pack --help' ;;
		*) words='import model status top trace tls admin registry --version --help' ;;
		esac
		case $command/$cur in
		*/-*) ;;
		'model load/'*|'model bind/'*|'model show/'*|'model score/'*|'model pack/'*|'tls show/'*|import/*) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		esac ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o filenames -F _fate_servingctl fate-servingctl
