namespace Border0.PdSidecar.Commands.Completion;

/// <summary>The shells' side of <see cref="CompletionCommand.Asked"/>.</summary>
internal static class CompletionScripts
{
    public const string Bash =
        """
        # bash completion of pdsidecar
        _pdsidecar() {
            local current="${COMP_WORDS[COMP_CWORD]}" line kind=:none
            local -a lines=()
            [ "$current" = "=" ] && current=""
            mapfile -t lines < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
            COMPREPLY=()
            for line in "${lines[@]}"; do
                case "$line" in
                    :*) kind="$line" ;;
                    *) COMPREPLY+=("${line%%$'\t'*}") ;;
                esac
            done
            case "$kind" in
                :files) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
                :folders) compopt -o filenames 2>/dev/null; while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
            esac
        }
        complete -F _pdsidecar pdsidecar

        """;

    public const string Zsh =
        """
        #compdef pdsidecar
        _pdsidecar() {
            local -a lines items
            local line kind=:none
            lines=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            for line in "${lines[@]}"; do
                case "$line" in
                    :*) kind="$line" ;;
                    *) items+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
                esac
            done
            (( $#items )) && _describe pdsidecar items
            case "$kind" in
                :files) _files ;;
                :folders) _files -/ ;;
            esac
        }
        if [ "${funcstack[1]}" = "_pdsidecar" ]; then _pdsidecar "$@"; else compdef _pdsidecar pdsidecar; fi

        """;

    public const string Fish =
        """
        # fish completion of pdsidecar
        function __pdsidecar_complete
            set -l typed (commandline -ct)
            set -l words (commandline -opc)
            for line in ($words[1] __complete $words[2..-1] "$typed" 2>/dev/null)
                switch $line
                    case ':files'
                        __fish_complete_path "$typed"
                    case ':folders'
                        __fish_complete_directories "$typed" ''
                    case ':*'
                    case '*'
                        echo $line
                end
            end
        end
        complete -c pdsidecar -f -a '(__pdsidecar_complete)'

        """;
}
