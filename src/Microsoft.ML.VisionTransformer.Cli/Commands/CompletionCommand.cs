// completion: writes a script with which a shell completes commands, options and values.
using System.CommandLine;
using Microsoft.ML.VisionTransformer.Cli.Shell;
using Microsoft.ML.VisionTransformer.Common;

namespace Microsoft.ML.VisionTransformer.Cli.Commands;

/// <summary>The scripts ask the tool itself: System.CommandLine answers <c>[suggest:position] "line"</c> with the candidates, one per line.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of mlnet-vit for bash. Add to ~/.bashrc:  source <(mlnet-vit completion bash)
        _mlnet_vit()
        {
            local IFS=$'\n' candidates
            candidates=$(mlnet-vit "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            COMPREPLY=($(compgen -W "${candidates}" -- "${COMP_WORDS[COMP_CWORD]}"))
            [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o filenames -F _mlnet_vit mlnet-vit

        """;

    private const string PowerShell = """
        # Completion of mlnet-vit for PowerShell. Add to $PROFILE:  mlnet-vit completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName mlnet-vit -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            mlnet-vit "[suggest:$cursorPosition]" "$commandAst" 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }

        """;

    internal static ExampleCommand Create(CommandContext context)
    {
        var shell = new Argument<string>("shell") { Description = "bash or powershell." };
        shell.CompletionSources.Add("bash", "powershell");
        shell.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value is not ("bash" or "powershell"))
                result.AddError($"'{MessageText.Of(result.Tokens[0].Value)}' is not a shell with completion; it can be bash or powershell.");
        });
        var command = new ExampleCommand(
            "completion",
            "Writes a script that makes a shell complete the tool's commands, options and values.",
            ("In ~/.bashrc", "source <(mlnet-vit completion bash)"),
            ("In PowerShell's $PROFILE", "mlnet-vit completion powershell | Out-String | Invoke-Expression"))
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            context.Out.Write((parsed.GetValue(shell) == "bash" ? Bash : PowerShell).ReplaceLineEndings("\n"));
            return ExitCode.Done;
        });
        return command;
    }
}
