# What each shell of the labs starts with.
PS1='\[\e[1;32m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]# '
alias ls='ls --color=auto' grep='grep --color=auto' ip='ip -color=auto'
export GOGC=400 PAGER=less LESS=-FRX EDITOR=nano
[ -n "$BASH_VERSION" ] && [ -f /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
