# What each shell of the labs starts with.
PS1='\[\e[1;32m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]# '
alias ls='ls --color=auto' grep='grep --color=auto' ip='ip -color=auto'
export GOGC=400 PAGER=less LESS=-FRX EDITOR=nano
if [ -n "$BASH_VERSION" ]; then
  [ -f /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
  # FinalTerm's marks, which many terminals read: a command begins to run (C), it ended with this status (D), a prompt (A).
  PS0='\e]133;C\a'
  PROMPT_COMMAND='printf "\e]133;D;%s\a\e]133;A\a" $?'
fi
