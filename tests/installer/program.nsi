; Stands in for both programs in the installer's tests: runs until it is asked to quit, and notes how it was called.
Unicode true
Target amd64-unicode
RequestExecutionLevel user
SilentInstall silent
SetCompress off
CRCCheck off
OutFile "${OUTPUT}"
Name "stand-in"

!include FileFunc.nsh
!include LogicLib.nsh

Section
  ${GetParameters} $0
  FileOpen $1 "C:\calls.txt" a
  FileSeek $1 0 END
  FileWrite $1 "$EXEFILE $0$\n"
  FileClose $1
  ${If} $0 == "--quit"
    ; A copy that goes on regardless is a program that hangs, or one of another user.
    ${IfNot} ${FileExists} "C:\deaf"
      FileOpen $1 "C:\leave" w
      FileClose $1
    ${EndIf}
  ${ElseIf} $0 == "--minimised"
    ${ForEach} $2 1 300 + 1
      ${If} ${FileExists} "C:\leave"
        Delete "C:\leave"
        Quit
      ${EndIf}
      Sleep 100
    ${Next}
  ${EndIf}
SectionEnd
